import { describe, expect, it } from '@jest/globals';
import { ApiSection } from './section.js';

describe('the text of a heading', () => {
  it('is one, above however many controllers', () => {
    ApiSection('things', 'What there is.');
    expect(() => ApiSection('things', 'What there is.')).not.toThrow();
    expect(() => ApiSection('things', 'Things.')).toThrow(
      `@ApiSection('things') is above two controllers with different texts, "What there is." (features) and ` +
        `"Things." (features): write the same text above both`,
    );
    expect(() => ApiSection('things', 'What there is.', 'work')).toThrow(/"What there is." \(work\)/);
  });
});
