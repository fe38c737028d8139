//! Exact linear assignment by shortest augmenting paths.

/// The column of each row in an assignment of least total cost.
///
/// `cost` is `[n, n]`, row-major. Column and row reduction give a first partial matching, then
/// each free row is matched along a shortest path in reduced costs (Jonker and Volgenant 1987;
/// Crouse 2016). Time O(n³), far less on geometric costs.
///
/// # Panics
/// If `cost` does not have n² entries or one of them is NaN.
pub fn assignment(n: usize, cost: &[f64]) -> Vec<usize> {
    assert_eq!(cost.len(), n * n, "the cost matrix must be square");
    assert!(!cost.iter().any(|c| c.is_nan()), "a cost is not a number");
    const FREE: usize = usize::MAX;
    let row = |i: usize| &cost[i * n..(i + 1) * n];

    // Dual variables with u_i + v_j ≤ c_ij, tight on matched pairs.
    let mut v = vec![f64::INFINITY; n];
    for i in 0..n {
        for (v, &c) in v.iter_mut().zip(row(i)) {
            *v = v.min(c);
        }
    }
    let mut u = vec![0.0; n];
    let mut column_of = vec![FREE; n];
    let mut row_of = vec![FREE; n];
    for i in 0..n {
        let mut best = (f64::INFINITY, FREE);
        for (j, (&c, &v)) in row(i).iter().zip(&v).enumerate() {
            if c - v < best.0 {
                best = (c - v, j);
            }
        }
        u[i] = best.0;
        if best.1 != FREE && row_of[best.1] == FREE {
            row_of[best.1] = i;
            column_of[i] = best.1;
        }
    }

    let mut distance = vec![0.0; n];
    let mut parent = vec![FREE; n];
    let mut open: Vec<usize> = Vec::with_capacity(n);
    let mut closed: Vec<usize> = Vec::with_capacity(n);
    for start in 0..n {
        if column_of[start] != FREE {
            continue;
        }
        distance.fill(f64::INFINITY);
        open.clear();
        open.extend(0..n);
        closed.clear();
        let (mut i, mut reach) = (start, 0.0);
        let end = loop {
            let mut best = (f64::INFINITY, 0);
            let base = reach - u[i];
            let costs = row(i);
            for (slot, &j) in open.iter().enumerate() {
                let d = base + costs[j] - v[j];
                if d < distance[j] {
                    distance[j] = d;
                    parent[j] = i;
                }
                // A free column ends the path, so it wins a tie.
                if distance[j] < best.0 || (distance[j] == best.0 && row_of[j] == FREE) {
                    best = (distance[j], slot);
                }
            }
            reach = best.0;
            let j = open.swap_remove(best.1);
            if row_of[j] == FREE {
                break j;
            }
            closed.push(j);
            i = row_of[j];
        };
        u[start] += reach;
        for &j in &closed {
            u[row_of[j]] += reach - distance[j];
            v[j] -= reach - distance[j];
        }
        let mut j = end;
        loop {
            let i = parent[j];
            row_of[j] = i;
            let next = std::mem::replace(&mut column_of[i], j);
            if i == start {
                break;
            }
            j = next;
        }
    }
    column_of
}

/// Squared distances between the points of `a` and of `b`, `[n, 2]` each, as `[n, n]`.
pub fn squared_distances(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.chunks_exact(2)
        .flat_map(|p| {
            b.chunks_exact(2).map(move |q| {
                let (x, y) = (p[0] - q[0], p[1] - q[1]);
                x * x + y * y
            })
        })
        .collect()
}
