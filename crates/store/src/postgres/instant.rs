//! Instants as PostgreSQL sends them: microseconds since 2000, where the hub counts from 1970.

use sqlx::{
    Postgres,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef},
};

/// Microseconds from 1970-01-01 to 2000-01-01.
const MICROS_TO_2000: i64 = 946_684_800_000_000;

/// A `timestamptz`, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant(pub(super) i64);

impl sqlx::Type<Postgres> for Instant {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("timestamptz")
    }
}

impl PgHasArrayType for Instant {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("_timestamptz")
    }
}

impl sqlx::Encode<'_, Postgres> for Instant {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let micros = self.0.checked_sub(MICROS_TO_2000).ok_or("an instant out of range")?;
        sqlx::Encode::<Postgres>::encode(micros, buffer)
    }
}

impl sqlx::Decode<'_, Postgres> for Instant {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        // Results of prepared statements, and the hub has no others, come in binary.
        if value.format() != PgValueFormat::Binary {
            return Err("an instant in words".into());
        }
        let bytes: [u8; 8] = value.as_bytes()?.try_into()?;
        let micros = i64::from_be_bytes(bytes).checked_add(MICROS_TO_2000).ok_or("an instant out of range")?;
        Ok(Self(micros))
    }
}
