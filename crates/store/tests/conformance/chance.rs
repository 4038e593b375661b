//! Numbers that look random and are the same ones each time.

/// A generator by its seed (SplitMix64).
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// One of these.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let limit = u64::try_from(all.len()).unwrap();
        &all[usize::try_from(self.below(limit)).unwrap()]
    }

    /// Now and then this, else nothing.
    pub fn maybe<T>(&mut self, once_in: u64, some: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(once_in) == 0).then(|| some(self))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
