import type { Program } from '../../engine/program.ts';

/** The files whose text reads a field as a promise chain does, or one of a container, and writes it: they may hold one. */
export function filesWithChains(program: Pick<Program, 'filesWith' | 'text'>): readonly string[] {
  return program.filesWith(['.then(', 'new Promise', 'withResolvers']).filter((file) => {
    const text = program.text(file) ?? '';
    const written = new Set([...text.matchAll(/this\.(#?\w+)\s*=[^=>]/g)].map(([, name]) => name));
    const read = text.matchAll(/this\.(#?\w+)\s*\.(?:then|catch|finally)\b|=\s*this\.(#?\w+);/g);
    const kept = new Set([...text.matchAll(/this\.(#?\w+)(?:\.set\(|\[)/g)].map(([, name]) => name));
    if ([...text.matchAll(/this\.(#?\w+)(?:\.get\(|\[)/g)].some(([, name]) => kept.has(name))) return true;
    return written.size > 0 && [...read].some(([, chained, plain]) => written.has(chained ?? plain));
  });
}
