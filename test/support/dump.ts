import { withClient } from './database.ts'

/** Every row of every table, as text: what a thief of a backup reads, and what an attack must not have changed. */
export const dumpOf = (url: string, tables?: readonly string[]): Promise<string> =>
  withClient(url, async (client) => {
    const found = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
       AND relnamespace = 'public'::regnamespace ORDER BY relname`,
    )
    const lines: string[] = []
    for (const { name } of found.rows) {
      if (tables && !tables.includes(name)) continue
      const { rows } = await client.query<{ row: string }>(`SELECT r::text AS row FROM ${name} AS r ORDER BY 1`)
      lines.push(...rows.map(({ row }) => `${name} ${row}`))
    }
    return lines.join('\n')
  })

/** What tokens hang on. */
export const standingTables = ['authorization_codes', 'token_families', 'token_pairs', 'sessions', 'revoked_tokens']
