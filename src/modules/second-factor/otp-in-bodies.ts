import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { addField } from '../../platform/validation/added-fields.js';
import { LoginDto, OtherSignInDto } from '../auth/auth.dto.js';
import { StepUpDto } from '../auth/step-up.dto.js';
import { DeleteSelfDto } from '../users/user.dto.js';
import { Otp } from './otp-field.js';
import { OtpErrors } from './otp.errors.js';

const IF_ON = 'f the second factor is on: a code, or a recovery code.';

for (const [dto, description] of [
  [LoginDto, `I${IF_ON}`],
  [OtherSignInDto, `I${IF_ON}`],
  [StepUpDto, `Required i${IF_ON}`],
  [DeleteSelfDto, `I${IF_ON}`],
] as const) {
  addField(dto, 'otp', {
    rules: [ApiProperty({ description, example: '492039' }), IsOptional(), Otp()],
    errors: [OtpErrors.OTP_REQUIRED, OtpErrors.INVALID_OTP],
  });
}
