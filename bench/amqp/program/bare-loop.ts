import { startBareLoop } from '../bare-loop.ts'

const [port = '0', logFile = 'bare.log'] = process.argv.slice(2)
await startBareLoop(Number(port), logFile)
