import type { TestServer } from './server.ts'

/** How much of everything there is: two of these are equal when an attack left nothing and took nothing. */
export const rows = ({ database }: TestServer) =>
  database.prisma(async (prisma) => ({
    interactions: await prisma.interaction.count(),
    openInteractions: await prisma.interaction.count({ where: { completedAt: null } }),
    codes: await prisma.authorizationCode.count(),
    liveCodes: await prisma.authorizationCode.count({ where: { spentAt: null, revokedAt: null } }),
    families: await prisma.tokenFamily.count(),
    liveFamilies: await prisma.tokenFamily.count({ where: { revokedAt: null } }),
    sessions: await prisma.session.count(),
    liveSessions: await prisma.session.count({ where: { endedAt: null } }),
    pushedRequests: await prisma.pushedRequest.count(),
    consents: await prisma.consent.count(),
  }))
