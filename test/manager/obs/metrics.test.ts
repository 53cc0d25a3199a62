import { expect, test } from 'vitest';
import { prometheusMetrics } from '../../../src/manager/index.ts';

/** The samples of one metric, by label. */
async function samples(text: string, name: string): Promise<string[]> {
  return text.split('\n').filter((line) => line.startsWith(name));
}

test('M-19 every metric is present, as zero, before anything happened', async () => {
  const metrics = await prometheusMetrics();
  const text = await metrics.render();
  expect(metrics.contentType).toMatch(/^text\/plain/);
  expect(await samples(text, 'ws_manager_phantom_busy_resets_total')).toEqual([
    'ws_manager_phantom_busy_resets_total 0',
  ]);
  expect(await samples(text, 'ws_manager_pending_uploads_swept_total')).toEqual([
    'ws_manager_pending_uploads_swept_total{outcome="acked"} 0',
    'ws_manager_pending_uploads_swept_total{outcome="expired"} 0',
    'ws_manager_pending_uploads_swept_total{outcome="error"} 0',
  ]);
  expect(await samples(text, 'ws_manager_graph_bytes')).toEqual([
    'ws_manager_graph_bytes{part="loaded"} 0',
    'ws_manager_graph_bytes{part="reserved"} 0',
    'ws_manager_graph_bytes{part="retained"} 0',
  ]);
});

test('counts by label, and reads gauges when asked', async () => {
  const metrics = await prometheusMetrics();
  let open = 1;
  metrics.gauge('ws_manager_workspaces', undefined, () => open);
  metrics.gauge('ws_manager_graph_bytes', 'loaded', () => 7);
  metrics.count('ws_manager_pending_uploads_swept_total', 'acked', 3);
  metrics.count('ws_manager_pending_uploads_swept_total', 'acked');
  metrics.count('ws_manager_event_drops_total', undefined);
  open = 2;
  const text = await metrics.render();
  expect(text).toContain('ws_manager_workspaces 2\n');
  expect(text).toContain('ws_manager_graph_bytes{part="loaded"} 7\n');
  expect(text).toContain('ws_manager_pending_uploads_swept_total{outcome="acked"} 4\n');
  expect(text).toContain('ws_manager_event_drops_total 1\n');
});

test('two registries do not know of each other', async () => {
  const [one, other] = await Promise.all([prometheusMetrics(), prometheusMetrics()]);
  one.count('ws_manager_event_drops_total', undefined);
  expect(await other.render()).toContain('ws_manager_event_drops_total 0\n');
});
