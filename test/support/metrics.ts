import type { TestServer } from './server.ts'

/** Sum over all workers. */
export async function counted(server: TestServer, metric: string): Promise<number> {
  const text = await metricsOf(server)
  const values = text.matchAll(new RegExp(`^${metric}\\{[^}]*\\} (\\S+)$`, 'gm'))
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0)
}

/** Rows of one stream: their labels, and `value`. */
export async function labelled(server: TestServer, metric: string, stream: string): Promise<Record<string, string>[]> {
  const text = await metricsOf(server)
  return [...text.matchAll(new RegExp(`^${metric}\\{([^}]*)\\} (\\S+)$`, 'gm'))]
    .map(([, labels = '', value = '']) => {
      const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', text = '']) => [name, text])
      return { ...Object.fromEntries(pairs), value }
    })
    .filter((row) => row.stream === stream)
}

async function metricsOf(server: TestServer): Promise<string> {
  return await (await fetch(server.http('metrics'))).text()
}
