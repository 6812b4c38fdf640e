import { z } from 'zod'
import { ROUTES } from './routes.ts'
import { PROBLEM } from './schemas.ts'

/** OpenAPI 3.1, from the schemas that the routes answer with. */
export function openApiDocument(version: string): unknown {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of ROUTES) {
    const { method, path, summary, access } = route
    const key = `/api/v1${path.replace('*', '{name}')}`
    const parameters = path.includes('*')
      ? [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }]
      : []
    const operation = {
      summary,
      parameters,
      ...(access === 'admin' ? { security: [{ adminToken: [] }] } : {}),
      responses: {
        200: 'answer' in route ? content('Done', route.answer) : endless(route.contentType),
        default: content('What went wrong', PROBLEM),
      },
    }
    paths[key] = { ...paths[key], [method.toLowerCase()]: operation }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Millrace', version },
    paths,
    components: { securitySchemes: { adminToken: { type: 'http', scheme: 'bearer' } } },
  }
}

function endless(contentType: string): unknown {
  return { description: 'As it comes', content: { [contentType]: { schema: { type: 'string' } } } }
}
function content(description: string, schema: z.ZodType): unknown {
  return { description, content: { 'application/json': { schema: z.toJSONSchema(schema, { io: 'input' }) } } }
}
