import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length, Matches } from 'class-validator';

export class LinkIdentityDto {
  @ApiProperty({
    description: 'A valid access token of the Supabase project: shows that the identity is yours.',
    example: 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.e30.c2ln',
  })
  @IsString()
  @Length(1, 4096)
  @Matches(/^[\w-]+\.[\w-]+\.[\w-]+$/, { message: '$property must be a JSON Web Token' })
  accessToken!: string;
}
