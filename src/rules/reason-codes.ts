/**
 * Every reason the benefit rules can give, with the sentence a customer may be told. A code is
 * never renamed or reused: ledger entries keep it for ever (contracts §3). `outcome` says what the
 * code stands for; a reversal gives the refusal that now applies, or one of the reversal codes.
 */

/** The same in the languages that call centres speak. */
export interface Sentence {
  readonly en: string
  readonly ko: string
}

export interface ReasonText extends Sentence {
  readonly outcome: 'refused' | 'granted' | 'reversed'
  /**
   * What would have to change for a yes; null where nothing the customer or the carrier does can
   * change it, and for codes that refuse nothing.
   */
  readonly remedy: Sentence | null
}

export const REASONS = {
  MVNO: {
    outcome: 'refused',
    en: 'The line belongs to a budget operator on the network, not to the carrier itself.',
    ko: '알뜰폰 회선은 대상이 아닙니다.',
    remedy: null,
  },
  IOT: {
    outcome: 'refused',
    en: 'The line is an IoT or special-purpose line.',
    ko: '사물인터넷(IoT) 및 특수 목적 회선은 대상이 아닙니다.',
    remedy: null,
  },
  SECOND_DEVICE: {
    outcome: 'refused',
    en: 'The line is a second device, a tablet or a watch.',
    ko: '태블릿, 워치 등 세컨드 디바이스 회선은 대상이 아닙니다.',
    remedy: null,
  },
  // The snapshot fixes it: paying by bill from now on changes nothing in this programme.
  PREPAID: {
    outcome: 'refused',
    en: 'The line is prepaid.',
    ko: '선불 회선은 대상이 아닙니다.',
    remedy: null,
  },
  SUSPENDED_AT_BASE: {
    outcome: 'refused',
    en: 'The line was suspended at the base date.',
    ko: '기준일에 이용정지 상태였던 회선입니다.',
    remedy: null,
  },
  GUARDIAN_CONSENT_MISSING: {
    outcome: 'refused',
    en: 'The consent of a guardian is missing or came too late.',
    ko: '법정대리인 동의가 없거나 반영 기한 이후에 접수되었습니다.',
    remedy: {
      en: 'A guardian has to consent; what falls due or is applied for after that can be granted.',
      ko: '법정대리인께서 동의해 주시면, 그 이후의 지급분이나 새로 하신 신청부터 반영됩니다.',
    },
  },
  TERMINATED: {
    outcome: 'refused',
    en: 'No line that could carry the benefit was in service when it fell due.',
    ko: '지급 시점에 이용 중인 대상 회선이 없습니다(해지).',
    remedy: null,
  },
  SUSPENDED: {
    outcome: 'refused',
    en: 'The line was suspended when the benefit fell due.',
    ko: '지급 시점에 이용정지 상태인 회선입니다.',
    remedy: {
      en: 'The suspension has to be lifted; months that begin after that can be granted.',
      ko: '이용정지를 해제하시면, 그 이후에 시작되는 달부터 제공받으실 수 있습니다.',
    },
  },
  CORPORATE: {
    outcome: 'refused',
    en: 'The benefit is for individuals; the customer is a corporation.',
    ko: '개인 고객 대상 혜택으로 법인 고객은 제외됩니다.',
    remedy: null,
  },
  ALREADY_GRANTED: {
    outcome: 'refused',
    en: 'The benefit was granted in another month of the programme.',
    ko: '프로그램의 다른 달에 이미 제공된 혜택입니다.',
    remedy: null,
  },
  NO_APPLICATION: {
    outcome: 'refused',
    en: 'The customer is not enrolled automatically and has not applied.',
    ko: '자동 가입 대상이 아니며 신청 내역이 없습니다.',
    remedy: {
      en: 'The customer has to apply within the application period.',
      ko: '신청 기간 안에 신청하시면 제공받으실 수 있습니다.',
    },
  },
  NO_CHOICE: {
    outcome: 'refused',
    en: 'No service has been chosen for the line.',
    ko: '선택한 서비스가 없습니다.',
    remedy: {
      en: 'A service has to be chosen for the line within the choice period.',
      ko: '선택 기간 안에 서비스를 선택하시면 제공받으실 수 있습니다.',
    },
  },
  NO_CODE_LEFT: {
    outcome: 'refused',
    en: 'No voucher code was left for the chosen service.',
    ko: '선택한 서비스의 이용권 수량이 모두 소진되었습니다.',
    remedy: {
      en: 'Once codes are added, they go out in the order of choices; no new choice is needed.',
      ko: '이용권이 추가되면 선택하신 순서대로 제공되며, 다시 선택하지 않으셔도 됩니다.',
    },
  },
  ELIGIBLE: {
    outcome: 'granted',
    en: 'The line meets all conditions.',
    ko: '모든 조건을 충족하여 제공됩니다.',
    remedy: null,
  },
  PROMOTION_EXTENDED: {
    outcome: 'granted',
    en: 'The roaming promotion of the line is extended.',
    ko: '이용 중인 로밍 프로모션이 연장됩니다.',
    remedy: null,
  },
  AGE_65: {
    outcome: 'granted',
    en: 'The customer is old enough at the base date to be enrolled without applying.',
    ko: '기준일에 만 65세 이상으로 신청 없이 자동 제공됩니다.',
    remedy: null,
  },
  CHOSEN: {
    outcome: 'granted',
    en: 'The service was chosen for the line.',
    ko: '선택하신 서비스가 제공됩니다.',
    remedy: null,
  },
  APPLIED: {
    outcome: 'granted',
    en: 'The customer has applied.',
    ko: '신청하신 내용에 따라 제공됩니다.',
    remedy: null,
  },
  NOT_IN_SNAPSHOT: {
    outcome: 'reversed',
    en: 'The line or customer is not in service at the base date of this version.',
    ko: '변경된 기준일에 이용 중인 회선 또는 고객이 아닙니다.',
    remedy: null,
  },
  GRANT_CHANGED: {
    outcome: 'reversed',
    en: 'The grant is replaced by one of other content.',
    ko: '제공 내용이 변경되어 기존 제공분이 대체됩니다.',
    remedy: null,
  },
} as const satisfies Record<string, ReasonText>

export type ReasonCode = keyof typeof REASONS
