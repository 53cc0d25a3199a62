#!/usr/bin/env node
import module from 'node:module';

// From Node 22 on, compiled code is kept between runs, which is worth most for the parser.
module.enableCompileCache?.();

const { main } = await import('../dist/src/cli/main.js');
// Not awaited: from Node 22 on, a module that waits for what never comes prints a warning of its own.
void main(process.argv.slice(2));
