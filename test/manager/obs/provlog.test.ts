import { expect, test } from 'vitest';
import { type LogFields, provisionLog } from '../../../src/manager/index.ts';

function lineOf(fields?: LogFields): string {
  const lines: string[] = [];
  provisionLog((line) => lines.push(line))('provision.start', fields);
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

test('M-G17 an event is one line: a mark, its name, its fields', () => {
  expect(lineOf({ workspace_id: 'w', sync: true })).toBe(
    'evt: provision.start {"workspace_id":"w","sync":true}',
  );
});

test('M-G17 an event without fields has an empty object', () => {
  expect(lineOf()).toBe('evt: provision.start {}');
});

test('M-G17 fields cannot break the line', () => {
  expect(lineOf({ error: 'a\nb' })).toBe('evt: provision.start {"error":"a\\nb"}');
});

test('M-G17 fields that cannot be written do not cost the event', () => {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  expect(lineOf(circular)).toMatch(/^evt: provision\.start \{"_marshal_err":".+"\}$/);
});
