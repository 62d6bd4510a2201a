/** How many answers of which status each endpoint gave, and what the process holds. */
export const createTally = () => {
  const endpoints = new Map<string, Map<number, number>>()
  return {
    count(endpoint: string, status: number): void {
      const statuses = endpoints.get(endpoint) ?? new Map<number, number>()
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      endpoints.set(endpoint, statuses)
    },
    /** After collecting what nobody needs, where node was started with --expose-gc. */
    line(done: number): string {
      globalThis.gc?.()
      const { heapUsed, rss } = process.memoryUsage()
      const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`
      return `${done} requests: heap ${mebibytes(heapUsed)}, resident ${mebibytes(rss)}`
    },
    endpoints: () => endpoints,
    table: (): readonly string[] =>
      [...endpoints].sort().map(([endpoint, statuses]) => {
        const counts = [...statuses].sort(([a], [b]) => a - b)
        const total = counts.reduce((sum, [, count]) => sum + count, 0)
        return `${endpoint}: ${total} (${counts.map(([status, count]) => `${status}: ${count}`).join(', ')})`
      }),
  }
}
