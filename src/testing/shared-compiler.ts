import type { Compiler, OpenRequest, Oracle, ProjectConfig } from '../oracle/oracle.ts';

/**
 * One compiler for many programs. Fixtures that one tsconfig owns are parts of one program, which is opened once
 * and kept: on a thousand fixtures this is the difference between minutes and seconds. It is sound as long as the
 * files do not change, and as long as they do not see each other's globals (`"moduleDetection": "force"`).
 */
export class SharedCompiler implements Compiler {
  readonly kind: Compiler['kind'];
  readonly #compiler: Compiler;
  readonly #projects = new Map<string, ProjectConfig & { readonly owned: ReadonlySet<string> }>();
  #last: { readonly projects: string; readonly oracle: Oracle } | undefined;

  constructor(compiler: Compiler) {
    this.#compiler = compiler;
    this.kind = compiler.kind;
  }

  readProject(tsconfig: string): ProjectConfig {
    return this.#project(tsconfig);
  }

  /** Opens the whole program, wherever the first of its users looks. */
  open({ projects: tsconfigs, files }: OpenRequest): Oracle {
    const request = { projects: tsconfigs, files };
    const projects = request.projects.join('\0');
    const isOwned = (file: string): boolean =>
      request.projects.some((tsconfig) => this.#project(tsconfig).owned.has(file));
    const isWhole = request.projects.length > 0 && request.files.every(isOwned);
    if (isWhole && this.#last?.projects === projects) return this.#last.oracle;
    const oracle = this.#compiler.open(request);
    this.#last = isWhole ? { projects, oracle } : undefined;
    return oracle;
  }

  reopen(changed: readonly string[]): Oracle {
    return this.#compiler.reopen(changed);
  }

  close(): void {
    this.#compiler.close();
  }

  #project(tsconfig: string): ProjectConfig & { readonly owned: ReadonlySet<string> } {
    let project = this.#projects.get(tsconfig);
    if (!project) {
      const config = this.#compiler.readProject(tsconfig);
      project = { ...config, owned: new Set(config.files) };
      this.#projects.set(tsconfig, project);
    }
    return project;
  }
}
