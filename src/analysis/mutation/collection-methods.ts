/** Methods of the language's own collections that change what the collection holds. */
const CHANGING: ReadonlySet<string> = new Set([
  'add',
  'clear',
  'copyWithin',
  'delete',
  'fill',
  'pop',
  'push',
  'reverse',
  'set',
  'shift',
  'sort',
  'splice',
  'unshift',
]);

/** Whether a method of that name changes a map, set or array. */
export function changesCollection(method: string): boolean {
  return CHANGING.has(method);
}

/** Functions of the language that change their first argument, and how that is written otherwise. */
const CHANGING_FIRST: ReadonlyMap<string, string> = new Map([
  ['Object.assign', '='],
  ['Object.defineProperties', '='],
  ['Object.defineProperty', '='],
  ['Reflect.defineProperty', '='],
  ['Reflect.deleteProperty', 'delete'],
  ['Reflect.set', '='],
]);

/** What a call of `Object.assign` and the like does to its first argument: `=` or `delete`. */
export function changeOfFirst(callee: string): string | undefined {
  return CHANGING_FIRST.get(callee);
}
