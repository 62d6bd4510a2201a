import type { FastifyInstance } from 'fastify'
import { answerLogin, type LogInOptions } from '../log-in.ts'

/** A form says where to go on: to a page of this server that is a person's own, and nowhere else. */
const nextOf = (next: string | null): string =>
  next !== null && /^\/account\/(password|ended|not-me)$/.test(next) ? next : '/account'

/** The login to one's own pages. */
export const logInToAccount = async (app: FastifyInstance, options: LogInOptions): Promise<void> => {
  app.get('/account/login', async (_request, reply) => reply.redirect(`${options.base}/account`, 303))
  answerLogin(app, '/account/login', nextOf, options)
}
