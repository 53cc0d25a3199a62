/** Whether `text` is a UUID in its usual form: PostgreSQL takes it as an error to be asked for another. */
export function isUuid(text: string): boolean {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
}
