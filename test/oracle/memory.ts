import type { Adapter, Artefact } from 'oidc-provider'

/** What the peer remembers; nothing of a test's few seconds needs to expire. */
export type Memory = { adapter(model: string): Adapter }

export const createMemory = (): Memory => {
  const models = new Map<string, Map<string, Artefact>>()

  const of = (model: string): Map<string, Artefact> => {
    const known = models.get(model) ?? new Map<string, Artefact>()
    models.set(model, known)
    return known
  }

  const adapter = (model: string): Adapter => {
    const stored = of(model)
    const where = async (fits: (artefact: Artefact) => boolean) => [...stored.values()].find(fits)
    return {
      async upsert(id, payload) {
        stored.set(id, payload)
      },
      find: async (id) => stored.get(id),
      findByUid: (uid) => where((artefact) => artefact.uid === uid),
      findByUserCode: (userCode) => where((artefact) => artefact.userCode === userCode),
      async consume(id) {
        const found = stored.get(id)
        if (found) stored.set(id, { ...found, consumed: 1 })
      },
      async destroy(id) {
        stored.delete(id)
      },
      async revokeByGrantId(grantId) {
        for (const [id, artefact] of stored) if (artefact.grantId === grantId) stored.delete(id)
      },
    }
  }
  return { adapter }
}
