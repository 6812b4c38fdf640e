import { enableCompileCache } from 'node:module'

// Compiled code is kept between starts; it must be on before anything else is loaded.
enableCompileCache()
const { run } = await import('./app/command-line.ts')
const code = await run(process.argv.slice(2))
if (code !== undefined) process.exit(code)
