import Fastify, { type FastifyInstance } from 'fastify'
import { backChannel, registration } from './app/back-channel.ts'
import type { AppDependencies } from './app/dependencies.ts'
import { createFoundation } from './app/foundation.ts'
import { frontChannel } from './app/front-channel.ts'
import { api } from './http/api/index.ts'
import { trustedProxies } from './http/client-address.ts'
import { createFailurePage } from './http/interaction/failure-page.ts'
import { bounds, capConnections, ignoreExpectations, refuseUnknownEncodings } from './http/limits.ts'
import { metadataBeforePath } from './http/oidc/metadata.ts'
import { answerFailures, answerNotFound, frameworkErrors } from './http/operations/failure.ts'
import { health } from './http/operations/health.ts'
import { requestIds, requestLog } from './http/operations/request-id.ts'
import { endConnections } from './http/operations/stop.ts'

export type { AppDependencies } from './app/dependencies.ts'

/** The only composition root: the process and every test build their server here, of the parts in app/. */
export const createApp = async (deps: AppDependencies): Promise<FastifyInstance> => {
  const { issuer, log, clock, random } = deps
  const app = Fastify({
    ...bounds({ tls: deps.tls }),
    ...requestIds({ random, trustProxy: deps.trustProxy }),
    trustProxy: trustedProxies(deps.trustProxy),
    loggerInstance: log,
    frameworkErrors,
  })
  capConnections(app)
  ignoreExpectations(app.server)
  refuseUnknownEncodings(app)
  requestLog(app)
  endConnections(app, deps.readiness)
  const foundation = createFoundation(deps)
  const { basePath, administration, tokens, holderCheck, described } = foundation
  const page = createFailurePage(random, basePath)
  answerNotFound(app, { page })
  answerFailures(app, { issuer })

  const prefix = { prefix: basePath }
  await app.register(backChannel(deps, foundation), prefix)
  await app.register(registration(deps, foundation), prefix)
  await app.register(frontChannel(deps, foundation, page), prefix)
  await app.register(api, { ...prefix, issuer, administration, tokens, holderCheck, clock })
  await app.register(metadataBeforePath, described)
  await app.register(health, { checks: deps.checks, readiness: deps.readiness })
  return app
}
