#!/usr/bin/env node
/*
 * The command's first step: a Node that is too old is told so in one line, before any other file,
 * which it could not even read, is loaded. Imports nothing of ours for that reason.
 */

import process from 'node:process'

const nodeMajorMin = 24
const nodeMajor = Number(process.versions.node.split('.')[0])

if (nodeMajor < nodeMajorMin) {
  process.stderr.write(
    `homing needs Node ${nodeMajorMin} or newer; this is Node ${process.versions.node} ` +
      `(${process.execPath}). Install Node ${nodeMajorMin} or newer and run the command again.\n`,
  )
  process.exitCode = 1
} else {
  const { main } = await import('./main.ts')
  process.exitCode = await main(process.argv.slice(2))
}
