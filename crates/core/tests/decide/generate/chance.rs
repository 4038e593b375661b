//! Chance that can be had again: a number made from a seed (SplitMix64), and what is drawn with it.

/// A source of numbers that depend on the seed only.
pub struct Chance(u64);

impl Chance {
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `end`, which is left out.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap();
        usize::try_from(self.next() % end).unwrap()
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of the items.
    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    /// Nothing, or one of the items.
    pub fn maybe<T: Clone>(&mut self, items: &[T]) -> Option<T> {
        self.one_in(2).then(|| self.pick(items))
    }

    /// All the items but about one in so many, in any order.
    pub fn most_of<T: Clone>(&mut self, items: &[T], left_out_one_in: usize) -> Vec<T> {
        let mut drawn: Vec<T> = Vec::new();
        for item in items {
            if !self.one_in(left_out_one_in) {
                drawn.insert(self.below(drawn.len() + 1), item.clone());
            }
        }
        drawn
    }
}
