/** How many bytes of a task or of a result the ledger keeps. */
export const PREVIEW_BYTES = 4096;

/** The first {@link PREVIEW_BYTES} bytes of `text` in UTF-8, less the character that would be cut in two. */
export function preview(text: string): string {
  const bytes = new Uint8Array(PREVIEW_BYTES);
  // No character has fewer bytes than UTF-16 units. NUL is one that PostgreSQL's text cannot hold.
  const beginning = text.slice(0, PREVIEW_BYTES).replaceAll('\0', '\u{FFFD}');
  // Writes whole characters only.
  const { written } = new TextEncoder().encodeInto(beginning, bytes);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, written));
}
