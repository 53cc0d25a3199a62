import type { Reporter } from './reporter.ts';

/** The names that `--format` takes. */
export const formats = ['pretty', 'json', 'sarif', 'github', 'compact'] as const;

export type Format = (typeof formats)[number];

/** Formats that people read, several of which may share one stream. The others are one document each. */
export const textFormats: ReadonlySet<Format> = new Set<Format>(['pretty', 'compact', 'github']);

/** Loads a reporter; only the ones that a run uses are loaded. */
export async function loadReporter(format: Format): Promise<Reporter> {
  switch (format) {
    case 'pretty':
      return (await import('./pretty.ts')).pretty;
    case 'json':
      return (await import('./json.ts')).json;
    case 'sarif':
      return (await import('./sarif.ts')).sarif;
    case 'github':
      return (await import('./github.ts')).github;
    case 'compact':
      return (await import('./compact.ts')).compact;
  }
}
