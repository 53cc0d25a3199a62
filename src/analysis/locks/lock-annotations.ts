import type { Ts } from '../../syntax/ts.ts';
import type { Code } from '../code.ts';
import { functionOf } from '../doc-tags.ts';
import type { Call } from './activation.ts';
import { type Evaluator, lexicalSelf } from './evaluator.ts';
import type { LockTag, LockTags } from './lock-tags.ts';
import { LockTerms, type NamedLock, type Subject } from './lock-terms.ts';
import { parametersOf } from './parameters.ts';
import type { LockTagKind } from './tag-words.ts';
import { type Held, type Value, withPath } from './values.ts';

/** An annotation, and the declaration that it holds for: its own, or one that inherits it. */
export interface Annotation {
  readonly tag: LockTag;
  readonly on: Ts.Node;
}

/** What the annotations of a program say of its functions and fields. */
export class LockAnnotations {
  readonly tags: LockTags;
  readonly terms: LockTerms;
  readonly #functions = new Map<Ts.Node, readonly Annotation[]>();

  constructor(tags: LockTags, code: Code, evaluator: Evaluator) {
    this.tags = tags;
    this.terms = new LockTerms(code, evaluator);
    this.#evaluator = evaluator;
    for (const [on, all] of tags) {
      const fn = functionOf(on);
      const own = fn && all.map((tag) => ({ tag, on }));
      if (own) this.#functions.set(fn, own);
    }
  }

  readonly #evaluator: Evaluator;

  /** The declarations that inherit an annotation. */
  heirsOf(tag: LockTag): readonly Ts.Node[] {
    return [...this.tags].flatMap(([on, tags]) => (on !== tag.on && tags.includes(tag) ? on : []));
  }

  /** The annotations of one kind that a declaration has. */
  of(declaration: Ts.Node, kind: LockTagKind): readonly Annotation[] {
    const tags = this.tags.get(declaration) ?? [];
    return tags.filter((tag) => tag.kind === kind).map((tag) => ({ tag, on: declaration }));
  }

  /** The annotations of one kind that a function has. */
  ofFunction(fn: Ts.Node, kind: LockTagKind): readonly Annotation[] {
    return (this.#functions.get(fn) ?? []).filter(({ tag }) => tag.kind === kind);
  }

  /** The lock that an annotation names for an object and arguments. */
  lockOf({ tag, on }: Annotation, subject: Subject): NamedLock | undefined {
    return this.terms.lockOf(tag, on, subject);
  }

  /** What a function may take for held: its callers have taken it. */
  assumed(call: Call): readonly Held[] {
    return this.ofFunction(call.fn, 'requiresLock').flatMap((annotation) => {
      const lock = this.lockOf(annotation, this.#subjectIn(call));
      if (!lock) return [];
      const { at } = annotation.tag;
      const token = `requires ${at.file}:${at.start}`;
      return [
        {
          token,
          lock: { cls: lock.cls, path: lock.path },
          mode: annotation.tag.isShared ? 'shared' : 'exclusive',
          at,
          via: undefined,
          segment: undefined,
          isAssumed: true,
        },
      ] as const;
    });
  }

  /** The object and the arguments of a call, as the function itself names them. */
  #subjectIn({ fn, self, args }: Call): Subject {
    return {
      self: self ?? lexicalSelf(fn),
      args: parametersOf(fn).map((parameter, index) => this.#given(parameter, args[index], index)),
    };
  }

  #given(parameter: Ts.ParameterDeclaration, given: Value | undefined, index: number): Value | undefined {
    if (given && given.kind !== 'opaque') return given;
    return withPath(this.#evaluator.declared(parameter, undefined), `p${index}`);
  }
}

/** What was taken for held, as it is when the function is left: still held, or given back by the function. */
export function withoutAssumed(
  { held, released }: { readonly held: readonly Held[]; readonly released: readonly Held['lock'][] },
  assumed: readonly Held[],
): { readonly held: readonly Held[]; readonly released: readonly Held['lock'][] } {
  if (assumed.length === 0) return { held, released };
  const gone = assumed.filter(({ token }) => !held.some((one) => one.token === token));
  return {
    held: held.filter(({ isAssumed }) => !isAssumed),
    released: [...released, ...gone.map(({ lock }) => lock)],
  };
}
