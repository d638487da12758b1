/*
 * Stops with a plain message when an npm script would run on a Node that is too old.
 *
 * npm puts node_modules/.bin first on PATH, so scripts run on the development dependency `node`.
 * Its binary is put there by that package's install script; where install scripts are blocked,
 * the machine's own Node is found instead and would fail on the first TypeScript file with a
 * syntax error. Plain JavaScript that any Node since 14 can read.
 */

const wanted = 24
const major = Number(process.versions.node.split('.')[0])

if (major < wanted) {
  console.error(
    [
      `Homing needs Node ${wanted} or newer; this script was started by Node ${process.versions.node}`,
      `(${process.execPath}).`,
      '',
      'The repository brings its own Node as the development dependency "node", but its install',
      'script has not run. Allow that one script, then run your command again:',
      '',
      '    npm install',
      '    npm rebuild node --ignore-scripts=false',
      '',
    ].join('\n'),
  )
  process.exit(1)
}
