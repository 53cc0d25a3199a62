/**
 * What a name means: positions in, declarations out. Two implementations answer the same questions, the native
 * compiler (`native.ts`) and the checker that ts-morph bundles (`reference.ts`); nothing outside this folder
 * knows which one it is talking to.
 */

/** Where something is declared. Offsets are UTF-16, `end` exclusive. */
export interface Declaration {
  /** Absolute, forward slashes. */
  readonly file: string;
  /** Start of the first token, leading comments left out. */
  readonly start: number;
  readonly end: number;
  /** Start of the declared name, where the declaration has one. */
  readonly name: number | undefined;
  /** Name of the syntax kind, as TypeScript spells it: `MethodDeclaration`. */
  readonly kind: string;
  /** Name of the class, interface or namespace around it, where there is one. */
  readonly container: string | undefined;
}

/** The entity that a name stands for; imports and re-exports are followed to the end. */
export interface SymbolInfo {
  readonly name: string;
  /** By file and place. */
  readonly declarations: readonly Declaration[];
  /**
   * True when an import could not be followed because its module is not installed; `declarations` then hold
   * the last import or re-export that could be reached.
   */
  readonly unresolvedImport: boolean;
}

/** As much of a type as the analyses ask for. */
export interface TypeInfo {
  /** `any`, or the error type. */
  readonly any: boolean;
  /** Names and declarations of the type's symbol, or of its members, by name, where it is a union or intersection. */
  readonly symbols: readonly SymbolInfo[];
  /** All values of the type, sorted, where it is, or is constrained to, a union of literals. */
  readonly literals: readonly (string | number | boolean)[] | undefined;
  /** Whether a value of the type can be called. */
  readonly callable: boolean;
  /**
   * Whether every value of the type is an object, so that none is missing and none counts as false. Never so where the
   * project's types say nothing about `null` and `undefined`.
   */
  readonly present: boolean;
}

/** A whole expression, or a pattern that takes a value apart, by its first character and the end of its last. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** A value has no member of the name, whatever else it is; or its type is not known. */
export type NoMember = 'none' | 'unknown';

export interface Oracle {
  readonly kind: 'native' | 'reference';
  /** How many positions were asked for so far. */
  readonly queries: number;
  /** What the names at these positions stand for. One round trip, whatever the number of positions. */
  symbols(file: string, positions: readonly number[]): (SymbolInfo | undefined)[];
  /** The types of the expressions whose last name starts at these positions. A name in a type is no expression. */
  types(file: string, positions: readonly number[]): (TypeInfo | undefined)[];
  /** The types of whole expressions. The first question about a file is dear: where a name ends it, ask {@link types}. */
  expressionTypes(file: string, stretches: readonly Stretch[]): (TypeInfo | undefined)[];
  /** What a name stands for as a member of an expression's value, or of what a pattern takes apart. */
  member(file: string, of: Stretch, name: string): SymbolInfo | NoMember;
}

/** A tsconfig as the compiler reads it. */
export interface ProjectConfig {
  /** Absolute. */
  readonly files: readonly string[];
  readonly allowJs: boolean;
}

/** What is needed to open a program. */
export interface OpenRequest {
  /** The tsconfig files that own the program, absolute; empty where there is none. */
  readonly projects: readonly string[];
  /** The files in scope, absolute. */
  readonly files: readonly string[];
  /** Absent to open all of it at once. */
  readonly focus?: Focus | undefined;
}

/** Where in a program the questions will be, so that a compiler may leave the rest unread until it is asked. */
export interface Focus {
  /** The files that were looked at so far. More each time. */
  files(): readonly string[];
  text(file: string): string | undefined;
}

/** A compiler at work in one directory. Closed once, at the end of a run. */
export interface Compiler {
  readonly kind: 'native' | 'reference';
  readProject(tsconfig: string): ProjectConfig;
  /** Opens the program. Slow (it reads and binds every file), so it is done on the first question. */
  open(request: OpenRequest): Oracle;
  /**
   * Opens the program that was opened last again, after the texts of some files have changed. What it answers is good
   * until the next; what the program itself answers stays good.
   *
   * @param changed absolute; the others are as they were when the program was opened
   */
  reopen(changed: readonly string[]): Oracle;
  close(): void;
}

/** Reads a file for the compiler: its text, `null` when it does not exist, undefined to read the disk. */
export type ReadOverlay = (file: string) => string | null | undefined;

/** What a compiler is started with. */
export interface CompilerOptions {
  readonly cwd: string;
  /** Absent when nothing is overlaid: every read through a callback costs time. */
  readonly overlay?: ReadOverlay | undefined;
}
