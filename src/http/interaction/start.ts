import type { FastifyInstance } from 'fastify'
import { mark } from '../../pages/mark.tsx'
import { script } from '../../pages/script.ts'
import { type Start, startPage } from '../../pages/start.tsx'
import { stylesheet } from '../../pages/stylesheet.ts'
import type { Presenter } from './presentation.ts'

export type StartOptions = {
  readonly issuer: string
  readonly presenter: Presenter
  /** What a development server shows, as it stands now. */
  development(): Promise<Start['development']>
}

/** The first page, and the files that every page needs. */
export const start = async (app: FastifyInstance, { issuer, presenter, development }: StartOptions): Promise<void> => {
  app.get('/', async (request, reply) => {
    const shown = await development()
    return presenter.send(request, reply, (presentation) => startPage({ issuer, development: shown }, presentation))
  })

  for (const { path, contentType, body } of [stylesheet, script, mark]) {
    const bytes = Buffer.from(body)
    app.get(path, async (_request, reply) =>
      reply
        .header('cache-control', 'public, max-age=31536000, immutable')
        .header('x-content-type-options', 'nosniff')
        .type(contentType)
        .send(bytes),
    )
  }
}
