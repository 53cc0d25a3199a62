import type { Program } from '../../engine/program.ts';

/** The files whose text reads a field as a promise chain does, and writes it: they may hold one. */
export function filesWithChains(program: Pick<Program, 'filesWith' | 'text'>): readonly string[] {
  return program.filesWith(['.then(', 'new Promise', 'withResolvers']).filter((file) => {
    const text = program.text(file) ?? '';
    const written = new Set([...text.matchAll(/this\.(#?\w+)\s*=[^=>]/g)].map(([, name]) => name));
    const read = text.matchAll(/this\.(#?\w+)\s*\.(?:then|catch|finally)\b|=\s*this\.(#?\w+);/g);
    return written.size > 0 && [...read].some(([, chained, kept]) => written.has(chained ?? kept));
  });
}
