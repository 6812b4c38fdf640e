/**
 * Node's `http`. An `import` of it touches every export, and its lazy WebSocket loads Node's whole HTTP client with it:
 * 170 ms and 10 MB on every thread that never makes use of it.
 */
export const http = process.getBuiltinModule('node:http')
