"""The power chip of a Raspberry Pi 5, as its command prints it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.bench.power import board_power_w, rails_power_w

RAILS = """\
 3V7_WL_SW_A current(0)=0.04782057A
   3V3_SYS_A current(1)=0.04684464A
   1V8_SYS_A current(2)=0.17078780A
  DDR_VDD2_A current(3)=0.02049453A
  DDR_VDDQ_A current(4)=0.00000000A
   1V1_SYS_A current(5)=0.18933040A
    0V8_SW_A current(6)=0.32888840A
  VDD_CORE_A current(7)=0.92871990A
   3V3_DAC_A current(17)=0.00054945A
   3V3_ADC_A current(18)=0.00018315A
   0V8_AON_A current(16)=0.00586080A
      HDMI_A current(22)=0.01636140A
 3V7_WL_SW_V volt(8)=3.70534400V
   3V3_SYS_V volt(9)=3.31467300V
   1V8_SYS_V volt(10)=1.80903400V
  DDR_VDD2_V volt(11)=1.10292900V
  DDR_VDDQ_V volt(12)=0.61575030V
   1V1_SYS_V volt(13)=1.10512700V
    0V8_SW_V volt(14)=0.80292960V
  VDD_CORE_V volt(15)=0.72097620V
   3V3_DAC_V volt(20)=3.30952000V
   3V3_ADC_V volt(21)=3.30952000V
   0V8_AON_V volt(19)=0.79765500V
      HDMI_V volt(23)=5.16034000V
     EXT5V_V volt(24)=5.17105900V
      BATT_V volt(25)=0.00598290V
"""
"""What a Raspberry Pi 5 prints, in its order and with its blanks."""


def test_rails_are_added_up() -> None:
    """Volts times amperes of the twelve rails; the 5 V input and the battery have no current."""
    core = 0.92871990 * 0.72097620
    assert rails_power_w(RAILS) == pytest.approx(1.8985, abs=1e-4)
    assert rails_power_w("VDD_CORE_A current(7)=0.92871990A\nVDD_CORE_V volt(15)=0.72097620V\n") == pytest.approx(core)


@pytest.mark.parametrize(
    "text",
    [
        "",
        'error=1 error_msg="Command not registered"',  # a Raspberry Pi 4
        "EXT5V_V volt(24)=5.17105900V",
        "VDD_CORE_A current(7)=0.9V\nVDD_CORE_V volt(15)=0.7V",
        "VDD_CORE_A current(7)=99999999A\nVDD_CORE_V volt(15)=99999999V",
        "VDD_CORE_A current(7)=nanA\nVDD_CORE_V volt(15)=0.7V",
    ],
)
def test_other_boards_say_nothing(text: str) -> None:
    """No rail with both numbers is no power, and so is a number that no board has."""
    assert rails_power_w(text) is None


def test_the_command_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program called vcgencmd is run; without one, or if it fails, there is no power."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert board_power_w() is None
    command = tmp_path / "vcgencmd"
    command.write_text(f"#!/bin/sh\n[ \"$*\" = pmic_read_adc ] || exit 3\nprintf '%s' '{RAILS}'\n")
    command.chmod(0o755)
    assert board_power_w() == pytest.approx(1.8985, abs=1e-4)
    command.write_text("#!/bin/sh\nexit 255\n")
    assert board_power_w() is None
