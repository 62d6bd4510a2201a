import type { Family } from '../../oauth/stores.ts'

/** What a person's pages ask about apps. */
export type ConsentList = {
  list(userId: string): Promise<
    readonly {
      readonly clientId: string
      readonly scope: readonly string[]
      readonly resources: readonly string[]
      readonly grantedAt: Date
    }[]
  >
}

export type FamilyList = {
  list(filter: { readonly userId: string; readonly limit: number }, now: Date): Promise<readonly Family[]>
}
