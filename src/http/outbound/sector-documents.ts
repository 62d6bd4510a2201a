import type { SectorDocuments } from '../../oauth/registration/sector-identifier.ts'
import { type Outbound, Refused } from './index.ts'

/** OIDC Registration §5: read at each registration, and never kept. An operator's client is not asked for it. */
export const createSectorDocuments = (deps: {
  readonly outbound: Pick<Outbound, 'get'>
  readonly log: { warn(fields: { readonly reason: string }, message: string): void }
}): SectorDocuments => ({
  get: (uri) =>
    deps.outbound.get(uri, { accept: ['application/json'], mayUseNamed: false }).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error
      deps.log.warn({ reason: error.message }, 'a sector identifier cannot be read')
      return undefined
    }),
})
