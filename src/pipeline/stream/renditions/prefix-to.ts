/** From the folder of one stream to that of another: `720p/`, `../other/`; empty for the same. */
export function prefixTo(from: string, to: string): string {
  const [a, b] = [from.split('/'), to.split('/')]
  let common = 0
  while (common < a.length && common < b.length && a[common] === b[common]) common++
  const path = [...a.slice(common).map(() => '..'), ...b.slice(common)]
  return path.map((part) => `${part}/`).join('')
}
