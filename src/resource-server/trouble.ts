import type { Settings, Trouble } from './options.ts'

/** What is said of one outage: each reason once, until it is over. */
export type Troubles = {
  say(reason: string): void
  over(): void
}

/** Reasons that are remembered in an outage; whoever has more of them has made them up. */
const most = 20

export const createTroubles = (about: Trouble['about'], { onTrouble }: Pick<Settings, 'onTrouble'>): Troubles => {
  const said = new Set<string>()
  return {
    say(reason) {
      // How long something still takes differs from attempt to attempt, and is no other reason.
      const kind = reason.replace(/\b\d{1,6} s\b/g, 's')
      if (said.has(kind) || said.size >= most) return
      said.add(kind)
      onTrouble({ about, reason })
    },
    over: () => said.clear(),
  }
}
