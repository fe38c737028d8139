use super::*;

#[test]
fn choices_round_trip_as_text() {
    for choice in DeviceChoice::ALL {
        assert_eq!(choice.to_string().parse(), Ok(choice));
    }
    let far = "remote:ws://localhost:7117";
    assert_eq!(far.parse::<DeviceChoice>().unwrap().to_string(), far);
    assert!("remote:".parse::<DeviceChoice>().is_err());
    assert!("tpu".parse::<DeviceChoice>().unwrap_err().contains("tpu"));
}

#[test]
fn what_is_too_large_is_known_by_its_words() {
    let cubecl = "training stopped: x\ncan't allocate buffer of size: 17179869184\n  0: main";
    let line = "can't allocate buffer of size: 17179869184";
    assert_eq!(too_large(cubecl), Some(line));
    let wgpu = "wgpu error: Out of Memory";
    assert_eq!(too_large(wgpu), Some(wgpu));
    assert_eq!(too_large("the device is poisoned: reset"), None);
}

#[test]
fn auto_never_fails_and_software_counts_as_no_gpu() {
    let (_, info) = open(DeviceChoice::Auto).unwrap();
    if adapters().iter().all(|adapter| adapter.software) {
        assert_eq!(info.kind, DeviceKind::Cpu);
        assert!(info.reason.contains("no GPU found"));
    }
}
