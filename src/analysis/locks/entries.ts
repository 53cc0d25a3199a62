import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import type { Code } from '../code.ts';
import { isCfgOwner } from './evaluator.ts';
import { referencesTo } from './references.ts';

/**
 * The functions that use an exported function, if it is exported for the program alone: some other file imports it,
 * and all that is done with it is to call it, or to hand it to what is called. Undefined for a way in from outside.
 */
export function usersWithin(fn: CfgOwner, code: Code): readonly CfgOwner[] | undefined {
  const declaration = exportedBy(fn);
  if (!declaration) return undefined;
  const users = new Set<CfgOwner>();
  let isImported = false;
  for (const name of referencesTo(declaration, code)) {
    const { parent } = name;
    if (ts.isImportSpecifier(parent)) {
      isImported = true;
      continue;
    }
    if (!isCalledOrHanded(name)) return undefined;
    users.add(ownerOf(name));
  }
  return isImported && users.size > 0 ? [...users] : undefined;
}

/** The declaration of a function that other files may import by its name. */
function exportedBy(fn: CfgOwner): Ts.Node | undefined {
  if (ts.isFunctionDeclaration(fn)) return ts.isSourceFile(fn.parent) ? fn : undefined;
  const isValue = ts.isArrowFunction(fn) || ts.isFunctionExpression(fn);
  if (!isValue || !ts.isVariableDeclaration(fn.parent)) return undefined;
  return ts.isSourceFile(fn.parent.parent.parent.parent) ? fn.parent : undefined;
}

/** `work()`, `parts.work()` and `gate.through(work)`. */
function isCalledOrHanded(name: Ts.Node): boolean {
  const { parent } = name;
  const used = ts.isPropertyAccessExpression(parent) && parent.name === name ? parent : name;
  return ts.isCallExpression(used.parent);
}

function ownerOf(node: Ts.Node): CfgOwner {
  let at = node.parent;
  while (!isCfgOwner(at) && !ts.isSourceFile(at)) at = at.parent;
  return at;
}
