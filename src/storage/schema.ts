import { type Database, statement } from './database.ts'
import { readMigrations } from './migrate.ts'

const applied = statement<{ name: string }>(
  'schema_applied',
  'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
)

/** Whether every migration this program knows was applied: an old database must get no requests. */
export const createSchemaCheck = (database: Database): (() => Promise<boolean>) => {
  let wanted: ReturnType<typeof readMigrations> | undefined
  return async () => {
    wanted ??= readMigrations()
    const names = new Set((await database.rows(applied, [])).map(({ name }) => name))
    return (await wanted).every(({ name }) => names.has(name))
  }
}
