import type { Language } from '../language.ts'

/** What the page of one login says of its end: what happened, what it means for the person, what to do. */
export type EndWords = {
  readonly title: string
  readonly happened: string
  readonly means: string
  readonly todo: string
}

const copyMeans = 'Nobody can tell the thief from the owner, so every access this login had was ended at once.'
const copyTodo =
  'If you did not restore a backup or copy this app to another device, somebody may have a copy of what it stores. Log in to the app again, and look at your devices.'
const copyMeansKo = '진짜 주인과 훔친 사람을 구별할 수 없어서, 이 로그인으로 할 수 있던 모든 일을 바로 끝냈어요.'
const copyTodoKo =
  '백업을 복원했거나 앱을 다른 기기로 복사한 적이 없다면, 누군가 앱에 저장된 정보를 복사했을 수 있어요. 앱에 다시 로그인하고 내 기기를 확인해 주세요.'

/** Ends that point to a stolen token. */
export const thefts = {
  replayed: {
    en: {
      title: 'A used key came back',
      happened:
        'A refresh token was presented that the app had exchanged before, when the time for asking again was over. Somebody may have a copy, or the app kept an old one.',
      means: copyMeans,
      todo: copyTodo,
    },
    ko: {
      title: '이미 쓴 열쇠가 다시 왔어요',
      happened:
        '앱이 이미 교환한 리프레시 토큰이, 다시 요청할 수 있는 시간이 지난 뒤에 또 왔어요. 누군가 복사했거나, 앱이 예전 것을 갖고 있었을 수 있어요.',
      means: copyMeansKo,
      todo: copyTodoKo,
    },
  },
  stale: {
    en: {
      title: 'An older key came back',
      happened:
        'A refresh token was presented whose successor had been exchanged too: from a restored backup, from another window of the app that had slept meanwhile, or from somebody with a copy.',
      means: copyMeans,
      todo: copyTodo,
    },
    ko: {
      title: '두 번 지난 열쇠가 왔어요',
      happened:
        '다음 것까지 이미 교환된 리프레시 토큰이 왔어요. 복원한 백업이나 그동안 잠들어 있던 앱의 다른 창에서 왔을 수도, 누군가의 복사본일 수도 있어요.',
      means: copyMeansKo,
      todo: copyTodoKo,
    },
  },
  code_replayed: {
    en: {
      title: 'A login code was used twice',
      happened: 'The code with which the app finished your login was presented a second time.',
      means: copyMeans,
      todo: copyTodo,
    },
    ko: {
      title: '로그인 코드가 두 번 쓰였어요',
      happened: '앱이 로그인을 마칠 때 쓴 코드를 누군가 한 번 더 보냈어요.',
      means: copyMeansKo,
      todo: copyTodoKo,
    },
  },
  early_refresh: {
    en: {
      title: 'The app’s key was used too soon',
      happened:
        'The refresh token was used while the access token beside it was still young. Who has both does not need to.',
      means: copyMeans,
      todo: copyTodo,
    },
    ko: {
      title: '열쇠가 너무 일찍 쓰였어요',
      happened:
        '함께 받은 액세스 토큰이 아직 유효한데 리프레시 토큰이 쓰였어요. 둘 다 가진 쪽이라면 그럴 필요가 없어요.',
      means: copyMeansKo,
      todo: copyTodoKo,
    },
  },
  pair_mismatch: {
    en: {
      title: 'Half of a pair came alone',
      happened: 'The refresh token came without the access token that was issued with it.',
      means: copyMeans,
      todo: copyTodo,
    },
    ko: {
      title: '한 쌍의 반쪽만 왔어요',
      happened: '리프레시 토큰이 함께 발급된 액세스 토큰 없이 왔어요.',
      means: copyMeansKo,
      todo: copyTodoKo,
    },
  },
  retry_elsewhere: {
    en: {
      title: 'A repeated request came from somewhere else',
      happened: 'The same refresh token was presented again, from another network or device.',
      means: copyMeans,
      todo: copyTodo,
    },
    ko: {
      title: '같은 요청이 다른 곳에서 다시 왔어요',
      happened: '같은 리프레시 토큰이 다른 네트워크나 기기에서 다시 왔어요.',
      means: copyMeansKo,
      todo: copyTodoKo,
    },
  },
} as const satisfies Record<string, Record<Language, EndWords>>
