#!/usr/bin/env node
/** The entry: hands the command line to the program and its exit code to the shell. */
import { runProgram } from './cli/program.ts';

process.exitCode = await runProgram(process.argv.slice(2));
