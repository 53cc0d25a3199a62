/** `error` and the errors that it wraps through `cause`, outermost first. A chain that leads back to itself ends. */
export function* causesOf(error: unknown): Generator<Error, void> {
  const seen = new Set<unknown>();
  for (let link = error; link instanceof Error && !seen.has(link); link = link.cause) {
    yield link;
    seen.add(link);
  }
}
