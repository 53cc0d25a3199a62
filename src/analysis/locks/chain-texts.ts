import type { Program } from '../../engine/program.ts';

/**
 * The files whose text reads a field, one of a container, or a variable of the module as a promise chain does, and
 * writes it: they may hold one.
 */
export function filesWithChains(program: Texts): readonly string[] {
  let files = found.get(program);
  if (!files) {
    files = search(program);
    found.set(program, files);
  }
  return files;
}

type Texts = Pick<Program, 'filesWith' | 'text'>;

/** Several rules ask of one program, whose texts stay what they are. */
const found = new WeakMap<Texts, readonly string[]>();

function search(program: Texts): readonly string[] {
  return program.filesWith(['.then(', 'new Promise', 'withResolvers']).filter((file) => {
    const text = program.text(file) ?? '';
    const written = new Set([...text.matchAll(/this\.(#?\w+)\s*=[^=>]/g)].map(([, name]) => name));
    const read = text.matchAll(/this\.(#?\w+)\s*\.(?:then|catch|finally)\b|=\s*this\.(#?\w+);/g);
    const kept = new Set([...text.matchAll(/this\.(#?\w+)(?:\.set\(|\[)/g)].map(([, name]) => name));
    if ([...text.matchAll(/this\.(#?\w+)(?:\.get\(|\[)/g)].some(([, name]) => kept.has(name))) return true;
    if (written.size > 0 && [...read].some(([, chained, plain]) => written.has(chained ?? plain)))
      return true;
    if (
      [...text.matchAll(/^(?:export )?const (\w+)\b.*= *(?:new \w*Map|\{\})/gm)].some(
        ([, name]) => text.includes(`${name}.get(`) || text.includes(`${name}[`),
      )
    )
      return true;
    return [...text.matchAll(/^\s*(?:export )?let (\w+)/gm)].some(([, name]) =>
      new RegExp(`\\b${name}\\s*\\.(?:then|catch|finally)\\b|=\\s*${name};`).test(text),
    );
  });
}
