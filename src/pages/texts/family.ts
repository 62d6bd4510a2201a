import type { Language } from '../language.ts'
import { type EndWords, thefts } from './thefts.ts'

const again = 'Log in to the app again whenever you like.'
const againKo = '원할 때 앱에 다시 로그인하면 돼요.'

const ends = {
  ...thefts,
  logged_out: {
    en: {
      title: 'You logged out',
      happened: 'Somebody logged out in this browser.',
      means: 'The apps used there are logged out too.',
      todo: again,
    },
    ko: {
      title: '로그아웃했어요',
      happened: '이 브라우저에서 로그아웃했어요.',
      means: '그 브라우저에서 쓰던 앱도 함께 로그아웃되었어요.',
      todo: againKo,
    },
  },
  replaced: {
    en: {
      title: 'Another account logged in',
      happened: 'Somebody logged in with another account in the same browser.',
      means: 'The login before it ended.',
      todo: again,
    },
    ko: {
      title: '다른 계정으로 로그인했어요',
      happened: '같은 브라우저에서 다른 계정으로 로그인했어요.',
      means: '그 전의 로그인은 끝났어요.',
      todo: againKo,
    },
  },
  revoked_by_client: {
    en: {
      title: 'The app gave its access back',
      happened: 'The app itself ended this login.',
      means: 'Nothing is wrong with your account.',
      todo: again,
    },
    ko: {
      title: '앱이 스스로 접근을 끝냈어요',
      happened: '앱이 이 로그인을 직접 끝냈어요.',
      means: '계정에는 문제가 없어요.',
      todo: againKo,
    },
  },
  revoked_by_user: {
    en: {
      title: 'You ended this login',
      happened: 'It was ended on your account page.',
      means: 'The app can no longer act for you.',
      todo: again,
    },
    ko: {
      title: '직접 끝낸 로그인이에요',
      happened: '내 계정 페이지에서 끝냈어요.',
      means: '앱은 더 이상 나를 대신할 수 없어요.',
      todo: againKo,
    },
  },
  revoked_by_admin: {
    en: {
      title: 'An administrator ended this login',
      happened: 'Somebody who runs this server ended it.',
      means: 'The app can no longer act for you.',
      todo: 'Log in again. If that does not work, ask the people who run this server.',
    },
    ko: {
      title: '관리자가 이 로그인을 끝냈어요',
      happened: '서버를 운영하는 사람이 끝냈어요.',
      means: '앱은 더 이상 나를 대신할 수 없어요.',
      todo: '다시 로그인해 주세요. 되지 않으면 서버 운영자에게 물어보세요.',
    },
  },
  user_disabled: {
    en: {
      title: 'The account was disabled',
      happened: 'An administrator disabled the account.',
      means: 'Every login of it ended.',
      todo: 'Ask the people who run this server.',
    },
    ko: {
      title: '계정이 중지되었어요',
      happened: '관리자가 계정을 중지했어요.',
      means: '이 계정의 모든 로그인이 끝났어요.',
      todo: '서버 운영자에게 물어보세요.',
    },
  },
  client_disabled: {
    en: {
      title: 'The app was switched off',
      happened: 'The app is no longer allowed on this server.',
      means: 'It is not about you: everybody’s login to it ended.',
      todo: 'Ask the people who run the app.',
    },
    ko: {
      title: '앱 사용이 중지되었어요',
      happened: '이 앱은 더 이상 이 서버를 쓸 수 없어요.',
      means: '나만의 문제가 아니라 모든 사람의 로그인이 끝났어요.',
      todo: '앱 운영자에게 물어보세요.',
    },
  },
  client_changed: {
    en: {
      title: 'The app was changed',
      happened: 'The app knows everybody by a new name since.',
      means: 'It is not about you: everybody’s login to it ended.',
      todo: 'Log in again.',
    },
    ko: {
      title: '앱 설정이 바뀌었어요',
      happened: '앱이 모든 사람을 새 이름으로 알게 됐어요.',
      means: '나만의 문제가 아니라 모든 사람의 로그인이 끝났어요.',
      todo: '다시 로그인해 주세요.',
    },
  },
  password_changed: {
    en: {
      title: 'The password was changed',
      happened: 'Your password was changed, which ends every other login.',
      means: 'Whoever knew only the old password is out.',
      todo: 'If it was not you, tell the people who run this server at once. Otherwise log in with the new password.',
    },
    ko: {
      title: '비밀번호가 바뀌었어요',
      happened: '비밀번호를 바꾸면 다른 로그인은 모두 끝나요.',
      means: '예전 비밀번호만 아는 사람은 더 이상 들어올 수 없어요.',
      todo: '내가 바꾸지 않았다면 서버 운영자에게 바로 알려 주세요. 아니라면 새 비밀번호로 로그인해 주세요.',
    },
  },
  consent_withdrawn: {
    en: {
      title: 'You disconnected the app',
      happened: 'You took back what you had allowed it.',
      means: 'The app can no longer act for you.',
      todo: again,
    },
    ko: {
      title: '앱 연결을 끊었어요',
      happened: '허용했던 것을 취소했어요.',
      means: '앱은 더 이상 나를 대신할 수 없어요.',
      todo: againKo,
    },
  },
  session_evicted: {
    en: {
      title: 'Too many devices',
      happened: 'You logged in on more devices than are allowed here, and this login was the first to begin.',
      means: 'The newer logins go on.',
      todo: again,
    },
    ko: {
      title: '기기가 너무 많아요',
      happened: '허용된 수보다 많은 기기에서 로그인해서, 가장 먼저 시작한 이 로그인이 끝났어요.',
      means: '더 최근의 로그인은 그대로예요.',
      todo: againKo,
    },
  },
  not_me: {
    en: {
      title: 'You said it was not you',
      happened: 'You said that somebody else had logged in, so everything was ended.',
      means: 'Only your new password opens the account.',
      todo: again,
    },
    ko: {
      title: '내가 아니라고 알려 주셨어요',
      happened: '다른 사람이 로그인했다고 알려 주셔서 모든 로그인을 끝냈어요.',
      means: '새 비밀번호로만 계정에 들어올 수 있어요.',
      todo: againKo,
    },
  },
  idle: {
    en: {
      title: 'It was not used for a while',
      happened: 'The app did not ask for anything for so long that its login ran out.',
      means: 'Nothing is wrong with your account.',
      todo: again,
    },
    ko: {
      title: '오랫동안 쓰지 않았어요',
      happened: '앱이 오랫동안 아무것도 요청하지 않아서 로그인이 만료되었어요.',
      means: '계정에는 문제가 없어요.',
      todo: againKo,
    },
  },
  session_idle: {
    en: {
      title: 'Your login on this server ran out',
      happened:
        'This app stays logged in only as long as you are logged in on this server. You had not been here for so long that this ran out; using the app does not prolong it.',
      means: 'Nothing is wrong with your account.',
      todo: again,
    },
    ko: {
      title: '이 서버의 로그인이 만료되었어요',
      happened:
        '이 앱은 이 서버에 로그인되어 있는 동안에만 로그인이 유지돼요. 오랫동안 이 서버에 오지 않아서 만료되었고, 앱을 쓰는 것만으로는 연장되지 않아요.',
      means: '계정에는 문제가 없어요.',
      todo: againKo,
    },
  },
  over: {
    en: {
      title: 'Its time was over',
      happened: 'A login lasts only so long, however often it is used.',
      means: 'Nothing is wrong with your account.',
      todo: again,
    },
    ko: {
      title: '정해진 기간이 끝났어요',
      happened: '로그인은 아무리 자주 써도 정해진 기간까지만 유지돼요.',
      means: '계정에는 문제가 없어요.',
      todo: againKo,
    },
  },
  alive: {
    en: {
      title: 'This login has not ended',
      happened: 'The app is still logged in.',
      means: 'If it says that you are not, it may have lost what it had stored.',
      todo: 'Log in to the app again. You can end this login under your devices and apps.',
    },
    ko: {
      title: '이 로그인은 끝나지 않았어요',
      happened: '앱은 아직 로그인되어 있어요.',
      means: '앱이 로그아웃되었다고 하면, 앱이 저장한 정보를 잃었을 수 있어요.',
      todo: '앱에 다시 로그인해 주세요. 이 로그인은 내 기기와 앱에서 끝낼 수 있어요.',
    },
  },
} as const satisfies Record<string, Record<Language, EndWords>>

export type EndName = keyof typeof ends
export const isEndName = (name: string): name is EndName => Object.hasOwn(ends, name)
export const endWords = (name: EndName, language: Language): EndWords => ends[name][language]
