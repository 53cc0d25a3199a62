/** Bytes per file while a graph is being built, and in the finished graph, where nothing better is known. */
const STAGING_BYTES_PER_FILE = 4_096;
const FINAL_BYTES_PER_FILE = 2_048;

/** What is known of a graph before it is built. In bytes. */
export interface GraphSizes {
  /** What is there only while building. */
  readonly staging: number;
  /** The finished graph. */
  readonly final: number;
  /** The table of interned strings as it is now. */
  readonly interner: number;
}

/** How much to reserve for a build: room for growth by half, and by a quarter for the strings. */
export function estimateGraphBytes({ staging, final, interner }: GraphSizes): number {
  const bytes = Math.ceil(final * 1.5) + staging + Math.ceil(interner * 0.25);
  return Math.min(bytes, Number.MAX_SAFE_INTEGER);
}

/** How much to reserve for a build of which only the number of files is known. */
export function estimateFromFiles(files: number): number {
  return estimateGraphBytes({
    staging: files * STAGING_BYTES_PER_FILE,
    final: files * FINAL_BYTES_PER_FILE,
    interner: 0,
  });
}
