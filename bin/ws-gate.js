#!/usr/bin/env node
import module from 'node:module';

// From Node 22 on, compiled code is kept between runs, which is worth most for the parser.
module.enableCompileCache?.();

const { main } = await import('../dist/src/cli/main.js');
await main(process.argv.slice(2));
