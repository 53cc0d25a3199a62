import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, nameText, rightmostName, skipParentheses } from '../code.ts';
import type { Origin } from './callback-origins.ts';
import { functionName } from './function-name.ts';

/** A name by which a config may speak of a callback. */
export interface CallbackName {
  readonly name: string;
  /** Where it is declared. */
  readonly file: string;
}

/** Names of callbacks: `Registry.onChange`, `Registry.update.mutate`, `Options.onDone`. */
export class CallbackNames {
  of(origin: Origin): readonly CallbackName[] {
    if (origin.kind === 'slot') {
      const { slot, of } = origin;
      const own = nameOfSlot(slot);
      const [holder] = of && ownerOf(slot) === undefined ? this.of(of) : [];
      return holder && !ts.isVariableDeclaration(slot)
        ? [{ name: `${holder.name}.${own.name}`, file: holder.file }]
        : [own];
    }
    const { parameter, parts, slot } = origin;
    const variable = ts.isIdentifier(parameter.name) ? [parameter.name.text] : [];
    const path = [functionName(parameter.parent), ...variable, ...parts].join('.');
    const own = { name: path, file: parameter.getSourceFile().fileName };
    return slot && ownerOf(slot) ? [nameOfSlot(slot), own] : [own];
  }

  /** `Registry.bus.emit` for `this.bus.emit(…)`. */
  ofEmit(callee: Ts.Node): readonly CallbackName[] {
    const name = memberName(callee);
    const text = (name && nameText(name)) ?? 'emit';
    const object = skipParentheses((callee as Ts.PropertyAccessExpression).expression);
    const holder = rightmostName(object);
    const cls = ts.findAncestor(callee, ts.isClassLike)?.name?.text;
    const isOwn = startsWithThis(object);
    const path = [...(isOwn && cls !== undefined ? [cls] : []), ...(holder ? [nameText(holder)] : []), text];
    return [{ name: path.join('.'), file: callee.getSourceFile().fileName }];
  }
}

function nameOfSlot(slot: Ts.Node): CallbackName {
  return { name: slotName(slot), file: slot.getSourceFile().fileName };
}

/** `Class.field`, `Interface.member`, or the name of a variable. */
function slotName(slot: Ts.Node): string {
  const { name } = slot as { name?: Ts.Node };
  const own = (name && nameText(name)) ?? '<anonymous>';
  const owner = ownerOf(slot);
  return owner === undefined ? own : `${owner}.${own}`;
}

/** The name of the class, interface or type that declares a member. */
function ownerOf(slot: Ts.Node): string | undefined {
  if (ts.isVariableDeclaration(slot)) return undefined;
  const owner = ts.isParameter(slot) ? slot.parent.parent : slot.parent;
  const { name } = (ts.isTypeLiteralNode(owner) ? owner.parent : owner) as { name?: Ts.Node };
  return name && nameText(name);
}

function startsWithThis(object: Ts.Node): boolean {
  let at = object;
  while (ts.isPropertyAccessExpression(at)) at = skipParentheses(at.expression);
  return at.kind === ts.SyntaxKind.ThisKeyword || at.kind === ts.SyntaxKind.SuperKeyword;
}
