import { Env } from '../../platform/config/env.js';
import { issuedKey, line, url } from '../../platform/config/kinds.js';

/** Which language model features may ask. */
export class LanguageModelConfig {
  /** Key of the language model that features ask through `LanguageModel`; any text for a server that wants none. Unset: there is none, and what needs it answers 503. */
  @Env('OPENAI_API_KEY', issuedKey())
  readonly apiKey?: string;

  /** Where the API of the language model begins, for a server that is compatible with OpenAI's. Needs OPENAI_MODEL. */
  @Env('OPENAI_BASE_URL', url('https', 'http'), {
    default: 'https://api.openai.com/v1',
    requires: 'OPENAI_MODEL',
  })
  readonly baseUrl!: string;

  /** Name of the model. It must be able to answer by a JSON Schema. Needs OPENAI_API_KEY. */
  @Env('OPENAI_MODEL', line(), { default: 'gpt-5-mini', requires: 'OPENAI_API_KEY' })
  readonly model!: string;
}
