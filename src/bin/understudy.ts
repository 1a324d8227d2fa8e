#!/usr/bin/env node
/** The only place that ends the process. */
import { runCli } from '../cli/main.ts';

process.exit(await runCli(process.argv.slice(2)));
