import { ApiProperty } from '@nestjs/swagger';
import { IsArray, IsString } from 'class-validator';
import { ClaimedPassword } from '../../platform/validation/passwords.js';
import { Otp } from './otp-field.js';
import { PRODUCT } from '../../product/product.js';

const NAME = encodeURIComponent(PRODUCT.name);

export class EnableOtpDto {
  @ApiProperty({ description: 'Of the signed-in user.', example: 'correct horse battery' })
  @ClaimedPassword()
  password!: string;
}

export class ConfirmOtpDto {
  @ApiProperty({ description: 'Six digits that the app shows.', example: '492039' })
  @Otp()
  otp!: string;
}

export class DisableOtpDto extends EnableOtpDto {
  @ApiProperty({ description: 'Six digits that the app shows, or a recovery code.', example: '492039' })
  @Otp()
  otp!: string;
}

/** What an authenticator app needs. */
export class OtpEnrolmentDto {
  @ApiProperty({ description: 'In base32, for typing in.', example: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' })
  @IsString()
  secret!: string;

  @ApiProperty({
    description: 'For a QR code.',
    example: `otpauth://totp/${NAME}:ada%40example.com?issuer=${NAME}&secret=JBSWY3DPEHPK3PXP`,
  })
  @IsString()
  otpauthUrl!: string;
}

export class RecoveryCodesDto {
  @ApiProperty({
    description: 'Each can be used once. They are not shown again.',
    example: ['7KQ2-M9XD-4HTR-B3WF'],
  })
  @IsArray()
  @IsString({ each: true })
  recoveryCodes!: string[];
}
