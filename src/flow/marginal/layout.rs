//! Boxes sorted into slabs of each axis, so that boxes with the same side share its integrals.

use std::ops::Range;

use crate::flow::boxes::BoxUnion;

/// An interval [lo, hi] of one axis and the indices of its ends in the table of edges.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slab {
    pub lo: f64,
    pub hi: f64,
    pub lo_edge: usize,
    pub hi_edge: usize,
}

/// The distinct edges and slabs of one axis.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub edges: Vec<f64>,
    pub slabs: Vec<Slab>,
}

/// A box of a row: its slab of the second axis, its density ω/|C| and its index in the union.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub slab: usize,
    pub density: f64,
    pub index: usize,
}

/// A box union as a sparse table: a row for each slab of the first axis.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub axes: [Axis; 2],
    pub rows: Vec<Range<usize>>,
    pub cells: Vec<Cell>,
}

impl Axis {
    fn new(target: &BoxUnion, axis: usize) -> Self {
        let mut edges: Vec<f64> = target
            .boxes
            .iter()
            .flat_map(|b| [b.lo[axis], b.hi[axis]])
            .collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let mut slabs: Vec<(f64, f64)> = target
            .boxes
            .iter()
            .map(|b| (b.lo[axis], b.hi[axis]))
            .collect();
        slabs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        slabs.dedup();
        let find = |e: f64| edges.partition_point(|&x| x < e);
        let slabs = slabs
            .into_iter()
            .map(|(lo, hi)| Slab {
                lo,
                hi,
                lo_edge: find(lo),
                hi_edge: find(hi),
            })
            .collect();
        Axis { edges, slabs }
    }

    fn slab_of(&self, lo: f64, hi: f64) -> usize {
        self.slabs
            .partition_point(|s| s.lo < lo || (s.lo == lo && s.hi < hi))
    }
}

impl Layout {
    pub fn new(target: &BoxUnion) -> Self {
        let axes = [Axis::new(target, 0), Axis::new(target, 1)];
        let mut placed: Vec<(usize, Cell)> = target
            .boxes
            .iter()
            .enumerate()
            .map(|(index, b)| {
                let cell = Cell {
                    slab: axes[1].slab_of(b.lo[1], b.hi[1]),
                    density: b.weight / b.area(),
                    index,
                };
                (axes[0].slab_of(b.lo[0], b.hi[0]), cell)
            })
            .collect();
        placed.sort_by_key(|(row, cell)| (*row, cell.slab));
        let mut rows = Vec::with_capacity(axes[0].slabs.len());
        let mut start = 0;
        for row in 0..axes[0].slabs.len() {
            let end = start + placed[start..].partition_point(|p| p.0 == row);
            rows.push(start..end);
            start = end;
        }
        let cells = placed.into_iter().map(|(_, cell)| cell).collect();
        Layout { axes, rows, cells }
    }
    /// The density of each pair of slabs, zero where there is no box, row by row.
    pub fn matrix(&self) -> impl Iterator<Item = f64> + '_ {
        self.rows.iter().flat_map(|range| {
            let cells = &self.cells[range.clone()];
            (0..self.axes[1].slabs.len()).map(move |slab| {
                cells
                    .binary_search_by_key(&slab, |cell| cell.slab)
                    .map_or(0.0, |k| cells[k].density)
            })
        })
    }
}
