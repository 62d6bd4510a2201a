import { defineConfig } from 'prisma/config'

// `prisma generate` needs no schema engine, yet the command line downloads one unless it is told that there is one.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://localhost/tessera' },
})
